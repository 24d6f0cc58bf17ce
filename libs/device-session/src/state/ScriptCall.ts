import type { Direction, Script } from "@roost/raw-script"

/** The bytes for a product's script, and their direction. */
export interface ScriptCall {
  readonly script: Script
  readonly direction: Direction
  readonly input: Uint8Array
}
