import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import type { Endpoint } from '../config/config.ts'

/**
 * Lets the system choose where the port is 0, before anything is told an address: whoever takes the port in between keeps us from starting, and gets nothing.
 * What cannot be listened on is left for the door to complain of.
 */
export async function choosePorts(endpoints: readonly Endpoint[]): Promise<Endpoint[]> {
  const chosen: Endpoint[] = []
  for (const endpoint of endpoints) chosen.push(endpoint.port === 0 ? await choosePort(endpoint) : endpoint)
  return chosen
}

async function choosePort(endpoint: Endpoint): Promise<Endpoint> {
  const server = createServer().listen(endpoint)
  try {
    await once(server, 'listening')
  } catch {
    return endpoint
  }
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return { ...endpoint, port }
}
