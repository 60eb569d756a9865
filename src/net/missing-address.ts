/** Whether a server could not listen because the machine just does not have this address: no IPv6, say. Looks at the error and at its cause. */
export function isMissingAddress(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')) return true
  return isMissingAddress(error.cause)
}
