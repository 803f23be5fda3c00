import { duckdbWorld } from './histories/duckdb-world.ts';
import { strategiesProperty } from './histories/property.ts';

strategiesProperty(duckdbWorld);
