import type { HttpProxy } from '../../config/config.ts'

/** RFC 9110, section 11.7.2, by Basic (RFC 7617). */
export function proxyAuthorization({ credentials }: HttpProxy): Record<string, string> {
  if (!credentials) return {}
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials.reveal()).toString('base64')}` }
}
