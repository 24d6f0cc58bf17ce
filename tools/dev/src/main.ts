import { enableCompileCache } from "node:module"
import { findPrograms, thisCheckout } from "./Programs.ts"

// `npm start`: finds what is to run, and runs it.

const find = () => findPrograms(thisCheckout)
const programs = find()
enableCompileCache(programs.env["NODE_COMPILE_CACHE"])
const { runStart }: typeof import("./start.ts") = await import(programs.fileOf("start"))
runStart(thisCheckout.root, programs, find)
