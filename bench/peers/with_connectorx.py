"""connectorx: two partitions into Arrow, then one Parquet file."""
import sys
import connectorx
import pyarrow.parquet as parquet

url, out = sys.argv[1], sys.argv[2]
table = connectorx.read_sql(url, "SELECT * FROM events", return_type="arrow", partition_on="id", partition_num=2)
parquet.write_table(table, out, compression="zstd", compression_level=1)
