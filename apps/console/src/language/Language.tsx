import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react"
import { en, type Messages } from "./en/index.ts"

/** English comes with the page; what else there is, when it is chosen. */
export const languages = [
  { code: "en", name: "English" },
  { code: "zh", name: "中文" }
] as const
export type LanguageCode = (typeof languages)[number]["code"]

interface Language {
  readonly code: LanguageCode
  readonly text: Messages
  readonly choose: (code: LanguageCode) => void
}

const LanguageContext = createContext<Language>({ code: "en", text: en, choose: () => {} })
const storageKey = "roost-language"

const chosenAtFirst = (): LanguageCode => {
  const chosen = localStorage.getItem(storageKey) ?? navigator.language
  return chosen.toLowerCase().startsWith("zh") ? "zh" : "en"
}

export const LanguageProvider = ({ children }: { readonly children: ReactNode }) => {
  const [code, setCode] = useState(chosenAtFirst)
  const [loaded, setLoaded] = useState<{ readonly code: LanguageCode; readonly text: Messages }>({
    code: "en",
    text: en
  })
  useEffect(() => {
    let left = false
    const texts = code === "zh" ? import("../language/zh/index.ts").then(({ zh }) => zh) : Promise.resolve(en)
    void texts.then((text) => {
      if (left) return
      document.documentElement.lang = code === "zh" ? "zh-CN" : "en"
      setLoaded({ code, text })
    })
    return () => void (left = true)
  }, [code])
  const language = useMemo(
    () => ({
      ...loaded,
      choose: (next: LanguageCode) => {
        localStorage.setItem(storageKey, next)
        setCode(next)
      }
    }),
    [loaded]
  )
  if (loaded.code !== code && code === chosenAtFirst() && loaded.code === "en") return null
  return <LanguageContext value={language}>{children}</LanguageContext>
}

export const useLanguage = (): Language => useContext(LanguageContext)
export const useText = (): Messages => useContext(LanguageContext).text

/** For `Intl`: the reader's own region where the language is theirs. */
export const useLocale = (): string => {
  const { code } = useLanguage()
  const own = navigator.languages.find((name) => name.toLowerCase().startsWith(code))
  return own ?? (code === "zh" ? "zh-CN" : "en-GB")
}
