import type { Connection } from './connection.ts'

/** How long a provider may take to say goodbye, in seconds. Nothing depends on it. */
const goodbyeSeconds = 2

/** Ends a connection politely (RFC 5321, section 4.1.1.10). Never throws. */
export async function quit(connection: Connection): Promise<void> {
  if (connection.alive) await connection.command('QUIT\r\n', goodbyeSeconds).catch(() => {})
  connection.destroy()
}
