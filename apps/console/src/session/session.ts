import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { ApiFault } from "../api/ApiFault.ts"
import { access, bodyOf } from "../api/client.ts"

export const sessionKey = ["session"] as const

/** When the session of this browser ends, or null: nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: sessionKey,
  queryFn: async ({ signal }) => {
    try {
      return await bodyOf(access.GET("/v1/console/session", { signal }))
    } catch (error) {
      if (error instanceof ApiFault && error.status === 401) return null
      throw error
    }
  },
  staleTime: Infinity
})

export const useSession = () => useQuery(sessionQuery)

/** How people may sign in beside account and token. */
export const useSignInWays = () =>
  useQuery({
    queryKey: ["sign-in-ways"],
    queryFn: ({ signal }) => bodyOf(access.GET("/v1/console/ways", { signal })),
    staleTime: Infinity
  })

export type Credential =
  | { readonly code: string }
  | { readonly token: string }
  | { readonly name: string; readonly password: string }

export const useSignIn = () => {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Credential) => bodyOf(access.POST("/v1/console/session", { body })),
    onSuccess: (session) => client.setQueryData(sessionKey, session)
  })
}

export const useSignOut = () =>
  useMutation({
    mutationFn: () => access.DELETE("/v1/console/session"),
    // Loaded anew: nothing of what was seen stays in the page.
    onSuccess: () => location.replace("/sign-in")
  })
