import { StringDecoder } from "node:string_decoder"

/** How much of a program's output is kept, in characters: at most twice as much. */
export const outputCharactersMax = 256 * 1024

/** Text of a stream, the oldest of it forgotten. */
export class OutputTail {
  readonly #decoder = new StringDecoder("utf8")
  text = ""

  add(chunk: Buffer): void {
    this.text += this.#decoder.write(chunk)
    if (this.text.length > 2 * outputCharactersMax) this.text = this.text.slice(-outputCharactersMax)
  }
}
