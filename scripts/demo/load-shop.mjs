/** Fills a Postgres database with two data sets, as a shop's own database would hold them: typed, with keys. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

const tables = [
  {
    table: 'movies',
    file: 'movies.json',
    create: `CREATE TABLE movies (
      id integer PRIMARY KEY, title text, released date, distributor text, genre text, director text,
      us_gross bigint, production_budget bigint, imdb_rating numeric(3, 1), imdb_votes integer)`,
    fill: `INSERT INTO movies
      SELECT number, film ->> 'Title', to_date(film ->> 'Release Date', 'Mon DD YYYY'), film ->> 'Distributor', film ->> 'Major Genre', film ->> 'Director',
        (film ->> 'US Gross')::bigint, (film ->> 'Production Budget')::bigint, (film ->> 'IMDB Rating')::numeric, (film ->> 'IMDB Votes')::integer
      FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS listed (film, number)`,
  },
  {
    table: 'cars',
    file: 'cars.json',
    create: `CREATE TABLE cars (
      id integer PRIMARY KEY, name text NOT NULL, origin text, year date, cylinders smallint,
      miles_per_gallon numeric(4, 1), horsepower smallint, weight_in_lbs integer, acceleration real)`,
    fill: `INSERT INTO cars
      SELECT number, car ->> 'Name', car ->> 'Origin', (car ->> 'Year')::date, (car ->> 'Cylinders')::smallint,
        (car ->> 'Miles_per_Gallon')::numeric, (car ->> 'Horsepower')::smallint, (car ->> 'Weight_in_lbs')::integer, (car ->> 'Acceleration')::real
      FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS listed (car, number)`,
  },
];

/** Returns each table with its number of rows. */
export async function loadShop(url, datasets) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const loaded = [];
    for (const { table, file, create, fill } of tables) {
      await client.query(create);
      const { rowCount } = await client.query(fill, [readFileSync(join(datasets, file), 'utf8')]);
      loaded.push({ table, rows: rowCount });
    }
    return loaded;
  } finally {
    await client.end();
  }
}
