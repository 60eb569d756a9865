import type { HttpProxy, ProxyChoice } from '../../config/config.ts'
import type { Provider } from '../provider.ts'
import { isLoopbackHost } from './loopback.ts'

/** The way to a provider: its own choice, otherwise the one for all, which is not for what is on this machine. */
export function chooseProxy(
  { oauth, submission }: Pick<Provider, 'oauth' | 'submission'>,
  own: ProxyChoice | undefined,
  general: HttpProxy | undefined,
): HttpProxy | undefined {
  if (own !== undefined) return own === 'direct' ? undefined : own
  const endpoint = oauth.tokenEndpoint ?? oauth.issuer
  const hosts = [submission.host, ...(endpoint === undefined ? [] : [new URL(endpoint).hostname])]
  return hosts.some(isLoopbackHost) ? undefined : general
}
