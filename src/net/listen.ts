/**
 * How many connections the kernel queues that were not accepted yet. When the queue is full, a
 * client waits seconds until its SYN is sent again, so a flood must not fill it between two
 * accepts.
 */
export const backlog = 4096

/**
 * Whether a server could not listen because this machine does not have the address, for example
 * without IPv6. Looks at the error and at its causes.
 */
export function isMissingAddress(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')) return true
  return isMissingAddress(error.cause)
}
