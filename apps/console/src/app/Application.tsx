import { MantineProvider } from "@mantine/core"
import { QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { useState } from "react"
import { makeQueryClient } from "../api/queryClient.ts"
import { LanguageProvider } from "../language/Language.tsx"
import { makeRouter } from "./routes.tsx"
import { theme } from "./theme.ts"

export const Application = () => {
  const [queryClient] = useState(makeQueryClient)
  const [router] = useState(makeRouter)
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <LanguageProvider>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </LanguageProvider>
    </MantineProvider>
  )
}
