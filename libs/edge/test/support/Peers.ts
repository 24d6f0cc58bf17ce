import { parsePeerAddress, type PeerAddress } from "@roost/contracts"

export const peerOf = (port: number, host = "192.0.2.1"): PeerAddress => parsePeerAddress(host, port)!
