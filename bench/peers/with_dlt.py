"""dlt with its connectorx backend into Parquet files."""
import os
import sys

import dlt
from dlt.sources.sql_database import sql_table

url, out = sys.argv[1].replace("postgres://", "postgresql+psycopg://"), sys.argv[2]
folder = out + ".d"
os.environ["DLT_DATA_DIR"] = folder + "/state"
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION"] = "true"
pipeline = dlt.pipeline(
    "bench",
    pipelines_dir=folder + "/pipelines",
    destination=dlt.destinations.filesystem("file://" + folder + "/data"),
    dataset_name="bench",
)
table = sql_table(url, "events", schema="public", backend="connectorx", reflection_level="full_with_precision")
pipeline.run(table, loader_file_format="parquet").raise_on_failed_jobs()
