"""ingestr into a DuckDB file."""
import os
import subprocess
import sys

url, out = sys.argv[1], sys.argv[2]
environment = {**os.environ, "DISABLE_TELEMETRY": "true"}
source = url.replace("postgres://", "postgresql://") + "?sslmode=disable"
command = ["ingestr", "ingest", "--yes", "--source-uri", source, "--source-table", "public.events"]
command += ["--dest-uri", "duckdb:///" + out + ".duckdb", "--dest-table", "main.events"]
sys.exit(subprocess.run(command, env=environment, stdout=sys.stderr).returncode)
