/** How many connections the kernel holds that we have not looked at. A flood must not fill it between two looks: whoever comes then waits for seconds until the kernel tries again. */
export const backlog = 4096

/** Whether a server could not listen because the machine just does not have this address: no IPv6, say. Looks at the error and at its cause. */
export function isMissingAddress(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')) return true
  return isMissingAddress(error.cause)
}
