/** The variable that moves each port, for the line that says one is taken. */
export const portVariable = {
  nats: "ROOST_NATS_PORT",
  udp: "ROOST_UDP_PORT",
  registry: "ROOST_REGISTRY_PORT",
  downlink: "ROOST_DOWNLINK_PORT",
  edge: "ROOST_EDGE_PORT",
  actors: "ROOST_ACTORS_PORT",
  sinks: "ROOST_SINKS_PORT"
} as const
