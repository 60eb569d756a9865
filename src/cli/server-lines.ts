import type { SmtpListener } from '../config/config.ts'
import { isLoopback, isWildcard } from '../config/endpoint.ts'

/** The lines that say where an application hands in its mail, and how that is encrypted. */
export function serverLines(listeners: readonly SmtpListener[]): string[] {
  return listeners.flatMap((listener, at) => [
    ...(at > 0 ? ['or'] : []),
    `server        ${server(listener)}`,
    `port          ${listener.port === 0 ? 'the one that postern prints when it starts' : listener.port}`,
    `encryption    ${encryption(listener)}`,
  ])
}

function server({ host }: SmtpListener): string {
  return isWildcard(host) ? 'the name or address of this machine' : host
}

function encryption({ host, tls, plainAuth }: SmtpListener): string {
  switch (tls) {
    case 'implicit':
      return 'SSL/TLS'
    case 'starttls':
      if (isLoopback(host)) return 'none (it is the same machine), or STARTTLS, or SSL/TLS'
      return plainAuth ? 'STARTTLS or SSL/TLS; none for a device that has neither' : 'STARTTLS or SSL/TLS'
    case 'none':
      return isLoopback(host) ? 'none (it is the same machine)' : 'none: the network can read the password'
  }
}
