import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { bodyOf, registry } from "../api/client.ts"
import { DeadList } from "../display/DeadList.tsx"
import { useText } from "../language/Language.tsx"
import { deadEventsQuery, sinksKey } from "./sinkQueries.ts"

/** Events that could not be written, to be written again. */
export const DeadEvents = ({ onClose, sinkId }: { readonly sinkId: string; readonly onClose: () => void }) => {
  const client = useQueryClient()
  const replay = useMutation({
    mutationFn: () => bodyOf(registry.POST("/v1/sinks/{sinkId}/dead:replay", { params: { path: { sinkId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: sinksKey })
  })
  return <DeadList dead={useQuery(deadEventsQuery(sinkId))} replay={replay} words={useText().sinks} onClose={onClose} />
}
