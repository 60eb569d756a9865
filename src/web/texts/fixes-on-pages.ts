import type { FailureId } from '../../base/failure.ts'

const setBack =
  'Set it back, on the page of the registration or in the settings, with a restart; or, if the registration is meant to be another one, sign in again for its mailboxes.'

const signIn = 'Sign in on the page of {mailbox}, or ask its owner there by a consent link.'

const register = 'Add one on the page of the provider.'

/**
 * What to do about a failure, for whoever reads it on a page: the fix of the catalogue names a verb
 * of the command, and there is a button or a field for it. Japanese is for pages alone, and says
 * this at once.
 */
export const fixesOnPages: Readonly<Partial<Record<FailureId, string>>> = {
  'grant.absent': signIn,
  'grant.lapsed': signIn,
  'grant.given-to-other-client-id': setBack,
  'grant.given-to-other-tenant': setBack,
  'grant.given-to-other-token-endpoint': setBack,
  'doctor.no-provider': 'Choose one under Providers; its page says how to set it up.',
  'doctor.lapsed': signIn,
  'doctor.held-back': 'Mend what the reason names, then choose "Try now" on the page of {mailbox}.',
  'mailbox.unknown': 'Add it first.',
  'mailbox.domain-without-aliases': 'Name the further senders at a login, under "Also allowed senders".',
  'mailbox.alias-of-domain':
    'Let a login use any address of a domain: *@example.com under "Also allowed senders".',
  'consent.no-admin-consent': 'Let the owner of each mailbox consent, on its page or by a consent link.',
  'consent.no-device-flow':
    'Use the consent in a browser: its link works on any machine that reaches postern.',
  'consent.not-needed': 'Nothing is to be done here; the page of the provider says how the app is set up.',
  'provider.no-such-flow': 'Choose another: the page of the provider lists its ways.',
  'exchange.no-mailboxes': 'Add the mailboxes first: the script is for exactly those.',
  'certificate.no-such-registration':
    'Add it under Providers: those of the settings have their certificates in files.',
  'certificate.object-id-needed':
    'Give it on the page of the certificate: in the Entra admin centre, App registrations, the app, Overview, Object ID.',
  'certificate.renewal-refused':
    'Download the certificate from its page here, and upload it in the Entra admin centre at the app registration under Certificates & secrets: it is used as soon as Entra takes it.',
  'registration.missing-at-microsoft': register,
  'registration.missing-worldwide': register,
  'registration.missing-in-cloud': register,
  'registration.missing-for-persons': register,
  'registration.missing-for-high-volume': register,
  'registration.missing-at-google': register,
  'registration.missing-service-account': register,
  'registration.missing-in-file': register,
  'registration.unknown': 'Look for it under Providers, or add it there.',
  'registration.exists': 'Change that one on its page, or choose another id.',
  'registration.mistaken': 'Change these fields; the page of the provider says what it needs.',
  'registration.hidden':
    'Take {setting} out of the settings and restart to use the stored one, or remove the stored one on its page.',
  'registration.unusable': 'Change it on its page, or remove it and add it anew.',
  'registration.gone':
    'Add it again under Providers with the id {id}, or remove the mailbox and add it at another provider.',
  'registration.without-credentials':
    'Give the registration one of them at the provider, and here: on its page, or in the settings, with a restart.',
  'registration.of-many-tenants':
    'Set the tenant of the registration to the ID or a domain of the organisation: on its page, or as POSTERN_MICROSOFT_TENANT, with a restart.',
}
