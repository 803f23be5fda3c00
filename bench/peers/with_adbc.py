"""ADBC: record batches streamed into one Parquet file."""
import sys
import adbc_driver_postgresql.dbapi as adbc
import pyarrow.parquet as parquet

url, out = sys.argv[1], sys.argv[2]
with adbc.connect(url) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT * FROM events")
    batches = cursor.fetch_record_batch()
    with parquet.ParquetWriter(out, batches.schema, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            writer.write_batch(batch)
