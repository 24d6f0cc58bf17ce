import { paint, type Printer } from "./Printer.ts"

/** Rows that decide how wide the columns of a long list are; later ones may be wider, and push what is right of them. */
export const measuredRowsMax = 200
/** Columns of the terminal that a table takes where the output is none, and the least that a cut column keeps. */
const cutMin = 12

/** Lines of a table: a heading, and the rows of each batch as they come. The last column is cut where the terminal ends. */
export class Table {
  readonly #headings: ReadonlyArray<string>
  readonly #printer: Pick<Printer, "columns" | "colours">
  #widths: Array<number> | undefined

  constructor(headings: ReadonlyArray<string>, printer: Pick<Printer, "columns" | "colours">) {
    this.#headings = headings
    this.#printer = printer
  }

  /** The first call begins with the headings. */
  linesOf(rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> {
    if (this.#widths !== undefined) return rows.map((row) => this.#line(row))
    const measured = rows.slice(0, measuredRowsMax)
    this.#widths = this.#headings.map((heading, column) =>
      Math.max(widthOf(heading), ...measured.map((row) => widthOf(row[column] ?? "")))
    )
    return [paint(this.#printer, "bold", this.#line(this.#headings)), ...rows.map((row) => this.#line(row))]
  }

  #line(cells: ReadonlyArray<string>): string {
    const last = cells.length - 1
    let line = ""
    for (const [column, cell] of cells.entries()) {
      if (column < last) line += `${cell}${" ".repeat(Math.max(0, this.#widths![column]! - widthOf(cell)))}  `
      else line += this.#cut(cell, widthOf(line))
    }
    return line.trimEnd()
  }

  #cut(cell: string, from: number): string {
    const { columns } = this.#printer
    if (columns === undefined) return cell
    const room = Math.max(cutMin, columns - from)
    return widthOf(cell) <= room ? cell : `${cutTo(cell, room - 1)}…`
  }
}

/** Cells of a terminal: Chinese and emoji take two, marks that combine none. */
export const widthOf = (text: string): number => {
  // oxlint-disable-next-line no-control-regex
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1
  return width
}

const cutTo = (text: string, room: number): string => {
  let cut = ""
  let width = 0
  for (const { segment } of segmenter.segment(text)) {
    width += wide.test(segment) ? 2 : 1
    if (width > room) break
    cut += segment
  }
  return cut
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" })
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u
