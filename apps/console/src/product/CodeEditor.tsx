import { javascript } from "@codemirror/lang-javascript"
import { json } from "@codemirror/lang-json"
import { EditorView } from "@codemirror/view"
import { basicSetup } from "codemirror"
import { useEffect, useRef } from "react"
import classes from "./CodeEditor.module.css"

const languages = { javascript, json }

const theme = EditorView.theme({
  "&": { fontSize: "13px", backgroundColor: "transparent", height: "100%" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.55" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--roost-quiet)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "light-dark(#0f6e720d, #ffffff0d)" },
  "&.cm-focused": { outline: "none" },
  ".cm-cursor": { borderLeftColor: "currentcolor" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    backgroundColor: "light-dark(#bfe3e3, #1d4f53) !important"
  }
})

/** A text with colours, numbers of lines and undo. Tab leaves it, as it leaves every other field. */
export const CodeEditor = ({
  label,
  language,
  onChange,
  value
}: {
  readonly label: string
  readonly language: keyof typeof languages
  readonly value: string
  readonly onChange: (value: string) => void
}) => {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const tell = useRef(onChange)
  tell.current = onChange
  const first = useRef(value)
  useEffect(() => {
    const made = new EditorView({
      doc: first.current,
      parent: host.current!,
      extensions: [
        basicSetup,
        languages[language](),
        theme,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) tell.current(update.state.doc.toString())
        })
      ]
    })
    view.current = made
    return () => made.destroy()
  }, [label, language])
  useEffect(() => {
    const editor = view.current
    if (editor === undefined || editor.state.doc.toString() === value) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value])
  return <div ref={host} className={classes.editor} />
}
