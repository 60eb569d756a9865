import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../support/run-program.ts'
import type { Client, Security } from './client.ts'

/** By IO::Socket::SSL and Authen::SASL. Debian's version has no mechanism for tokens. It adds headers to the patch. */
export const gitSendEmail: Client = {
  name: 'git send-email',
  needs: 'git send-email',
  bearers: [],
  verbatim: false,
  async send({ port, security, caFile, signIn, sender, recipient, folder }) {
    const patch = join(folder, '0001-change.patch')
    await writeFile(patch, `From: ${sender}\nSubject: [PATCH] change\n\n---\n diff\n\n.\n-- \n2.39.5\n`)
    const words = ['--smtp-server=localhost', `--smtp-server-port=${port}`]
    words.push(`--smtp-encryption=${encryption[security]}`, `--smtp-ssl-cert-path=${caFile}`)
    if (signIn) {
      const { mechanism, user, secret } = signIn
      words.push(`--smtp-user=${user}`, `--smtp-pass=${secret}`, `--smtp-auth=${mechanism}`)
    }
    words.push(`--from=${sender}`, `--to=${recipient}`, '--confirm=never', '--suppress-cc=all', '--quiet')
    return runProgram('git', ['send-email', ...words, patch], { cwd: folder, env: identity(sender) })
  },
}

const encryption: Record<Security, string> = { plain: 'none', STARTTLS: 'tls', 'implicit TLS': 'ssl' }

function identity(sender: string): Record<string, string> {
  return {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: 'Me',
    GIT_AUTHOR_EMAIL: sender,
    GIT_COMMITTER_NAME: 'Me',
    GIT_COMMITTER_EMAIL: sender,
  }
}
