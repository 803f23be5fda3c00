/** Reads exactly the files that are meant: no path is taken for a pattern, and no folder called `a=b` becomes a column. Pure. */
import { fileLiteral } from './quote.ts';

/** `read_parquet` of these files, with further parameters such as `union_by_name = true`. */
export function readParquet(files: string | readonly string[], ...parameters: string[]): string {
  return `read_parquet(${[fileList(files), 'hive_partitioning = false', ...parameters].join(', ')})`;
}

/** One path, or the list of them, for DuckDB's readers. */
export function fileList(files: string | readonly string[]): string {
  return typeof files === 'string' ? fileLiteral(files) : `[${files.map(fileLiteral).join(', ')}]`;
}
