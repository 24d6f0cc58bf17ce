export { type ApiAnswer, type RoostOptions, RoostProcesses } from "@roost/testkit"
