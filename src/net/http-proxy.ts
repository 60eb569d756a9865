import { Secret } from '../base/secret.ts'
import { readUrl } from '../base/text.ts'

/** An HTTP proxy that tunnels by CONNECT (RFC 9110, section 9.3.6). */
export interface HttpProxy {
  /** `http://proxy.example.com:3128`, or https. */
  origin: string
  /** `name:password`, for Basic authentication. */
  credentials?: Secret
}

/** Reads `http://name:password@proxy.example.com:3128`. `must`: the end of a sentence; it holds nothing of the text. */
export function parseProxy(text: string): { value: HttpProxy } | { must: string } {
  const url = readUrl(text.trim())
  const must =
    'be the address of an HTTP proxy, such as http://proxy.example.com:3128 (name:password@ before the host, if it asks for one)'
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return { must }
  const { origin, username, password } = url
  if (username === '') return { value: { origin } }
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return { value: { origin, credentials: new Secret(credentials) } }
  } catch {
    return { must: 'write a % in its name or password as %25' }
  }
}
