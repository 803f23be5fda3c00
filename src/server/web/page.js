/** Shows the instance's tables to whoever pastes a token; talks to this server only. */
const element = (id) => document.getElementById(id);
const tokenKey = 'data-attache-token';
let tables = [];

element('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(tokenKey, element('token').value.trim());
  element('token').value = '';
  void show();
});
element('sign-out').addEventListener('click', () => {
  sessionStorage.removeItem(tokenKey);
  void show();
});
element('search').addEventListener('input', drawTables);

void showVersion();
void show();
setInterval(() => document.hidden || (sessionStorage.getItem(tokenKey) && show()), 15_000);

async function showVersion() {
  const { version } = await (await fetch('/api/health')).json();
  element('version').textContent = version;
}

async function show() {
  const signedIn = sessionStorage.getItem(tokenKey) !== null;
  element('sign-in').hidden = signedIn;
  element('message').textContent = '';
  if (!signedIn) return drawNobody();
  try {
    const list = await ask('/api/catalog/tables?limit=5000');
    tables = list.tables;
    document.title = `${list.instance} · Data Attaché`;
    element('instance').textContent = list.instance;
    element('count').textContent = String(list.count);
    element('overview').hidden = false;
    drawTables();
    drawNext(list);
    await drawOperations();
  } catch (problem) {
    if (problem.code === 'unauthorized') sessionStorage.removeItem(tokenKey);
    element('sign-in').hidden = sessionStorage.getItem(tokenKey) !== null;
    element('message').textContent = [
      problem.detail ?? 'The server cannot be reached.',
      problem.hint ?? '',
      problem.code ? `(${problem.code})` : '',
    ].join(' ');
    if (element('sign-in').hidden === false) drawNobody();
  }
}

function drawNobody() {
  for (const id of ['overview', 'running', 'problems']) element(id).hidden = true;
  drawNext(null);
}

/** What only an administrator may see is left out for others. */
async function drawOperations() {
  const [jobs, report] = await Promise.all(
    ['/api/jobs?limit=50', '/api/admin/problems'].map((path) => ask(path).catch(() => null)),
  );
  const open = (jobs?.jobs ?? []).filter((job) => job.finished_at === null);
  drawList('running', 'jobs', open.map(jobLine));
  const stale = (report?.stale ?? []).map(({ source, table, reason }) => [source, table, reason]);
  const problems = (report?.problems ?? []).map(({ source, table, message }) => [source, table, message]);
  const told = new Set(stale.map(String));
  drawList(
    'problems',
    'problem-list',
    [...stale, ...problems.filter((one) => !told.has(String(one)))].map(problemLine),
  );
}

function drawList(section, list, lines) {
  element(section).hidden = lines.length === 0;
  element(list).replaceChildren(...lines.map((line) => make('li', line)));
}

function jobLine(job) {
  const count = (status) => job.tables.filter((table) => table.status === status).length;
  const named = job.tables.filter((table) => table.status === 'running').map((table) => table.id);
  const done = job.tables.length - count('waiting') - count('running');
  const now = named.length === 0 ? job.status : named.join(', ');
  return [make('strong', now), ` ${done} of ${job.tables.length} tables done, begun `, instant(job.created_at)];
}

function problemLine([source, table, text]) {
  return [make('strong', table === null ? source : `${source}.${table}`), ` ${text}`];
}

async function ask(path) {
  const answer = await fetch(path, { headers: { authorization: `Bearer ${sessionStorage.getItem(tokenKey)}` } });
  if (!answer.ok) throw await answer.json();
  return answer.json();
}

function drawTables() {
  const wanted = element('search').value.trim().toLowerCase();
  const shown = tables.filter((table) =>
    `${table.id} ${table.name} ${table.source} ${table.description ?? ''}`.toLowerCase().includes(wanted),
  );
  element('tables').replaceChildren(...(shown.length === 0 ? [emptyRow(wanted)] : shown.map(tableRow)));
}

function emptyRow(wanted) {
  const cell = make('td', wanted === '' ? 'No table yet: see below what to do next.' : `No table matches “${wanted}”.`);
  cell.colSpan = 6;
  return make('tr', cell);
}

function tableRow(table) {
  const name = make('td', make('strong', table.id));
  if (table.name !== table.id) name.append(` ${table.name}`);
  if (table.description) name.append(make('div', table.description, 'quiet'));
  const state = make('td', table.status ?? 'not synced by this server', table.status === 'failed' ? 'bad' : '');
  if (table.last_attempt) state.append(' ', instant(table.last_attempt));
  for (const reason of [table.stale, table.error?.message, table.error?.hint])
    if (reason) state.append(make('div', reason, 'bad'));
  const content = make('td', table.live ? '' : 'nothing yet');
  if (table.live)
    content.append(
      table.query_mode === 'remote' ? 'asked at the source' : table.updated ? instant(table.updated) : 'unknown',
    );
  return make('tr', [
    name,
    make('td', table.source),
    make('td', count(table.rows), 'number'),
    size(table.size_bytes),
    content,
    state,
  ]);
}

function drawNext(list) {
  const steps = [];
  if (list === null) steps.push(['Paste a token above, or sign in on your machine: ', `da login ${location.origin}`]);
  else if (list.tables.length === 0) {
    steps.push(['See what a source offers: ', 'da admin sources tables SOURCE']);
    steps.push(['Register a table of it: ', 'da admin registry add NAME --source SOURCE --source-table TABLE']);
    steps.push(['Bring its data: ', 'da admin sync']);
  } else {
    if (list.tables.some((table) => table.status === 'pending'))
      steps.push(['Bring the data of the pending tables now: ', 'da admin sync']);
    if (list.tables.some((table) => table.status === 'failed'))
      steps.push(['See why a sync failed: ', 'da admin jobs list']);
    steps.push(['Sign in on your machine: ', `da login ${location.origin}`]);
    steps.push(['Put a verified copy on it: ', 'da sync --workspace ~/analysis']);
    const first = list.tables.find((table) => table.live);
    if (first)
      steps.push([
        'Ask it something, also offline: ',
        `da query --workspace ~/analysis 'SELECT * FROM "${first.id}" LIMIT 10'`,
      ]);
  }
  element('next').replaceChildren(...steps.map(([text, command]) => make('li', [text, make('code', command)])));
}

function instant(text) {
  const time = make('time', `${ago(Date.parse(text))} ago`);
  time.dateTime = text;
  time.title = text;
  return time;
}

function ago(then) {
  const seconds = Math.max(0, Math.round((Date.now() - then) / 1000));
  for (const [name, length] of [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ]) {
    const count = Math.floor(seconds / length);
    if (count >= 1) return `${count} ${name}${count === 1 ? '' : 's'}`;
  }
  return `${seconds} seconds`;
}

const count = (number) => (number === null ? 'unknown' : number.toLocaleString('en'));

function size(bytes) {
  const cell = make('td', 'unknown', 'number');
  if (bytes === null) return cell;
  const step = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  cell.textContent = `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${['B', 'kB', 'MB', 'GB', 'TB'][step]}`;
  cell.title = `${bytes.toLocaleString('en')} bytes`;
  return cell;
}

function make(tag, content, className = '') {
  const node = document.createElement(tag);
  node.append(...[content].flat());
  if (className) node.className = className;
  return node;
}
