/** For pages in a browser: the reader of every other JSON here, without Effect, which a page need not load. */
export { parseJson } from "@roost/enos/lossless-json"
