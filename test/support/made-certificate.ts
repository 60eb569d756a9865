import { join } from 'node:path'
import { runPostern } from '../../examples/demo/postern-process.js'

/** Files of PEM, as `postern tls make` writes them. */
export interface MadeCertificate {
  /** What a client has to trust. */
  caFile: string
  certFile: string
  keyFile: string
}

/** A local authority and a server certificate in `folder`/tls, made by postern's own command. @throws with what it said */
export async function makeCertificate(folder: string): Promise<MadeCertificate> {
  const words = ['tls', 'make', '--dir', join(folder, 'tls'), '--json']
  const made = await runPostern(words, { PATH: process.env.PATH ?? '' }, join(folder, 'data'))
  if (made.code !== 0) throw new Error(`postern tls make ended with ${made.code}: ${made.stderr}`)
  return JSON.parse(made.stdout)
}
