import type { Direction, Script } from "@roost/raw-script"

/** What is given to a product's script, and in which direction. */
export interface ScriptCall {
  readonly script: Script
  readonly direction: Direction
  readonly input: Uint8Array
}
