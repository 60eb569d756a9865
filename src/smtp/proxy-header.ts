/** Both versions of the PROXY protocol, by octets enough to know them: whoever sends one is no client but what stands in front of it. */
export function isProxyHeader(start: Buffer): boolean {
  const beginning = start.toString('latin1', 0, 5)
  return beginning.toUpperCase() === 'PROXY' || beginning === '\r\n\r\n\0'
}

export const proxyAdvice =
  'A front end announces its clients by the PROXY protocol (HAProxy: send-proxy): switch that off there for this address.'
