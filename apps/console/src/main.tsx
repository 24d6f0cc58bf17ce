import "@mantine/core/styles.css"
import "./app/page.css"
import { createRoot } from "react-dom/client"
import { Application } from "./app/Application.tsx"

createRoot(document.getElementById("root")!).render(<Application />)
