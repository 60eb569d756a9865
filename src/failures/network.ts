import type { FailureEntries } from './entry.ts'

/** Connections to other servers, and to a proxy on the way; and what may come from anywhere. */
export const networkFailures = {
  'postern.fault': {
    code: 'internal',
    message: 'Something went wrong inside postern',
  },
  'postern.stopping': {
    code: 'provider-unavailable',
    message: 'postern is stopping',
    fix: 'Try again in a minute.',
  },
  'postern.client-gone': {
    code: 'invalid',
    message: 'The client has gone',
  },
  'postern.not-serving': {
    code: 'store-unavailable',
    message: 'postern is starting or stopping',
    fix: 'Ask again in a moment.',
  },
  'network.too-slow': {
    code: 'provider-unavailable',
    message: '{host} did not answer within {seconds} seconds',
    fix: 'Try again later; if it lasts, check the way to the provider through firewall and proxy.',
  },
  'network.name-unknown': {
    code: 'provider-unavailable',
    message: '{host} cannot be reached ({reason})',
    fix: 'Check how the host name is written, and the name servers (DNS) of this machine.',
  },
  'network.name-unanswered': {
    code: 'provider-unavailable',
    message: '{host} cannot be reached ({reason})',
    fix: 'Check the name servers (DNS) of this machine: they do not answer for this name.',
  },
  'network.too-many-names': {
    code: 'provider-unavailable',
    message: '{host} cannot be reached ({reason})',
    fix: 'Check the name servers (DNS) of this machine: more names wait for them than they answer.',
  },
  'network.refused-to-connect': {
    code: 'provider-unavailable',
    message: '{host} cannot be reached ({reason})',
    fix: 'Check host and port: nobody listens there, or a firewall refuses.',
  },
  'network.unreachable': {
    code: 'provider-unavailable',
    message: '{host} cannot be reached ({reason})',
    fix: 'Try again later; if it lasts, check the way to the provider through firewall and proxy.',
  },
  'network.certificate-of-another-name': {
    code: 'provider-setup',
    message: 'The certificate of {host} is for another name ({reason})',
    fix: 'Check the host name; if it is right, something between postern and that host answers in its place.',
  },
  'network.certificate-not-valid-now': {
    code: 'provider-setup',
    message: 'The certificate of {host} has expired, or is not valid yet ({reason})',
    fix: 'Check the clock of this machine; if it is right, that host has to renew its certificate.',
  },
  'network.certificate-not-trusted': {
    code: 'provider-setup',
    message: 'The certificate of {host} comes from a certification authority that is not trusted ({reason})',
    fix: 'If that host or a TLS-inspecting proxy uses its own authority, name its certificate with POSTERN_EXTRA_CA_FILE.',
  },
  'network.certificate-unacceptable': {
    code: 'provider-setup',
    message: 'The certificate of {host} cannot be accepted ({reason})',
    fix: 'Check the host name, and who answers under it.',
  },
  'network.no-tls': {
    code: 'provider-setup',
    message: 'TLS with {host} failed ({reason})',
    fix: 'Check host and port: what answers there does not speak TLS, or not TLS 1.2 or newer.',
  },
  'network.no-http': {
    code: 'provider-setup',
    message: 'What answers at {host} does not speak HTTP ({reason})',
    fix: 'Check host and port, and whether it is https or http.',
  },
  'network.endpoints-undiscovered': {
    code: 'provider-unavailable',
    message: 'The endpoints of {issuer} cannot be discovered: {reason}',
    fix: '{reason.fix}',
  },
  'proxy.refused': {
    code: 'provider-unavailable',
    message: 'The proxy {proxy} does not let us through to {host}: HTTP status {status}',
    fix: 'Have the proxy allow CONNECT to {host}, or set "proxy": "direct" for this provider.',
  },
  'proxy.too-slow': {
    code: 'provider-unavailable',
    message: 'The proxy {proxy} did not answer in time',
    fix: 'Check the address of the proxy, and whether it is there.',
  },
  'proxy.unreachable': {
    code: 'provider-unavailable',
    message: 'The proxy {proxy} cannot be used ({reason})',
    fix: 'Check the address of the proxy, and whether it is there.',
  },
  'proxy.credentials-refused': {
    code: 'provider-setup',
    message: 'The proxy {proxy} does not let us through to {host}: HTTP status {status}',
    fix: "Check the proxy's name and password in the settings.",
  },
  'proxy.credentials-missing': {
    code: 'provider-setup',
    message: 'The proxy {proxy} does not let us through to {host}: HTTP status {status}',
    fix: "Put the proxy's name and password into its address in the settings.",
  },
  'address.no-network': {
    code: 'invalid',
    message: '"{text}" is not a network',
    fix: 'Give an address or a CIDR block, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32.',
  },
  'address.no-mail-address': {
    code: 'invalid',
    message: '"{text}" is not a mail address',
    fix: 'Give one address of the form name@example.com.',
  },
} as const satisfies FailureEntries
