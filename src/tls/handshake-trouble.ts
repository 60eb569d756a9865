/** Why a TLS handshake with a client failed, in words, and what to do about it. */
export interface HandshakeTrouble {
  why: string
  fix: string
}

/** How a handshake began: on a TLS listener, after STARTTLS, or by the first octets of a client. */
export type HandshakeCause = 'implicit' | 'starttls' | 'recognised'

const trust =
  'Give the client the certificate of the authority: ca.pem of "postern tls make", or the chain of whoever issued it.'
const names =
  'Let the client connect by a name or address that is in the certificate, or make one that holds it: postern tls make, with a --name for each that clients use.'
const oldDevice =
  'Update the device, or put +old-tls behind the address in POSTERN_SMTP_LISTEN or POSTERN_SMTPS_LISTEN, on a listener for such devices only.'
const noTls: Record<HandshakeCause, string> = {
  implicit: 'Choose "SSL/TLS" in the client for this port, or give it the port for STARTTLS.',
  starttls:
    'The client asked for STARTTLS and went on without it: update it, or choose "SSL/TLS" in it in place of STARTTLS.',
  recognised: 'It began as TLS does: update the client, unless it is somebody who tries the port.',
}

/**
 * Maps errors of OpenSSL to advice; the first match counts. Alerts come from the client (RFC 8446,
 * section 6).
 */
const table: readonly { reason: RegExp; why: string; fix: string | Record<HandshakeCause, string> }[] = [
  { reason: /alert unknown ca/, why: 'the client does not trust the certificate', fix: trust },
  {
    reason: /alert (bad certificate|certificate unknown|unsupported certificate)/,
    why: 'the client refuses the certificate: it does not trust it, or connected by another name',
    fix: `${trust} ${names}`,
  },
  {
    reason: /alert certificate expired/,
    why: 'the client says that the certificate has ended',
    fix: 'Renew it (postern tls make), and look at the clock of the client.',
  },
  { reason: /alert certificate revoked/, why: 'the certificate was revoked', fix: 'Get another one.' },
  {
    reason: /alert (access denied|unrecognized name)/,
    why: 'the client connected by another name than the certificate has',
    fix: names,
  },
  {
    reason: /unsupported protocol|version too low|alert protocol version|inappropriate fallback/,
    why: 'client and postern have no version of TLS in common',
    fix: oldDevice,
  },
  {
    reason:
      /no shared (cipher|signature algorithm|group)|no suitable (signature algorithm|key share)|alert (handshake failure|insufficient security)|legacy sigalg/,
    why: 'client and postern have no method of encryption in common',
    fix: oldDevice,
  },
  {
    reason: /http request|wrong version number|unknown protocol|packet length too long|record layer failure/,
    why: 'what the client sent is not TLS',
    fix: noTls,
  },
]

/**
 * `error`: the error that Node.js reports; undefined if the client closed the connection without
 * one.
 */
export function explainHandshake(error: Error | undefined, cause: HandshakeCause): HandshakeTrouble {
  if (error === undefined || isSilentEnd(error)) {
    return {
      why: 'the client broke the handshake off and did not say why',
      fix: `Many do that with a certificate that they do not trust. ${trust} ${names}`,
    }
  }
  const reason = reasonOf(error)
  const known = table.find((entry) => entry.reason.test(reason))
  if (known) {
    const fix = typeof known.fix === 'string' ? known.fix : known.fix[cause]
    return { why: `${known.why} (${reason})`, fix }
  }
  return { why: reason, fix: 'Try it with: openssl s_client -connect HOST:PORT' }
}

/** The handshake took longer than a sign-in may take. */
export function explainSlowHandshake(cause: HandshakeCause): HandshakeTrouble {
  return { why: 'the client did not finish the handshake in time', fix: slow[cause] }
}

const heldUp = `A client that asks its user whether to trust the certificate waits for the answer. ${trust} If it trusts it, look for a firewall in between that inspects SMTP, and let it pass TLS.`

const slow: Record<HandshakeCause, string> = {
  implicit: `A client that waits for a greeting does not begin it. ${noTls.implicit}`,
  starttls: `The client asked for STARTTLS, and then fell silent. ${heldUp}`,
  recognised: `The client began with TLS, and then fell silent. ${heldUp}`,
}

function isSilentEnd(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined
  return code === 'ECONNRESET' || code === 'EPIPE' || /unexpected eof/.test(error.message)
}

/** The reason of OpenSSL, which contains nothing of what the client sent. */
function reasonOf(error: Error): string {
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : undefined
  return reason ?? ('code' in error ? String(error.code) : 'unknown reason')
}
