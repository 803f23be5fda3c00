"""Sling into one Parquet file."""
import os
import subprocess
import sys

url, out = sys.argv[1], sys.argv[2]
environment = {**os.environ, "PG": url + "?sslmode=disable", "SLING_DISABLE_TELEMETRY": "true"}
command = ["sling", "run", "--src-conn", "PG", "--src-stream", "public.events", "--tgt-object", "file://" + out]
sys.exit(subprocess.run(command, env=environment, stdout=sys.stderr).returncode)
