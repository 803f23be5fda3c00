"""Runs a peer's script and prints its seconds, and the largest process's memory in MB, as JSON."""
import json
import os
import resource
import subprocess
import sys
import time

started = time.monotonic()
environment = {**os.environ, "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]}
ended = subprocess.run([sys.executable, *sys.argv[1:]], env=environment, stdout=subprocess.DEVNULL)
seconds = time.monotonic() - started
megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "megabytes": megabytes}))
sys.exit(ended.returncode)
