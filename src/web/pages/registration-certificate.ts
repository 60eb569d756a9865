import type { Response, Router } from 'express'
import type { OwnCertificateStatus, ShownCertificate } from '../../providers/own-certificates.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import type { WebServices } from '../web-services.ts'
import { type FailureFields, type FormState, refusedForm, textField } from './form-parts.ts'
import {
  type Fields,
  fieldsOf,
  form,
  mayChange,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { badge, day } from './parts.ts'
import { checkForm } from './registrations.ts'

interface CertificatePagesDeps {
  services: Pick<WebServices, 'ownCertificates'>
  contexts: PageContexts
}

/** The page of the certificate that postern makes for a registration, and keeps up. */
export function createCertificatePages({ services, contexts }: CertificatePagesDeps): Router {
  const { ownCertificates } = services
  const router = exactRouter()
  const path = '/registrations/:id/certificate'

  router
    .route(path)
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { id } = request.params
      await show(response, context, id)
    })
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const id = String(request.params.id)
      const back = ['registrations', id, 'certificate']
      const fields = fieldsOf(request.body)
      try {
        await ownCertificates.make(id, requestIn(fields), context.by)
        if (one(fields, 'try') !== undefined) await ownCertificates.tryNow(id)
      } catch (error) {
        const { status, wrong, summary } = refusedForm(error, context.t, { fields: failureFields })
        await show(response, context, id, { state: { values: fields, wrong }, summary, status })
        return
      }
      context.done(response, context.t`That is done: this is how the certificate stands now.`, back)
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route(`${path}/file`)
    .get(async (request, response) => {
      await contexts.toSee(request)
      const { id } = request.params
      const { next, inUse } = await ownCertificates.show(id)
      response
        .attachment(`postern-${id}.cer`)
        .type('application/x-x509-ca-cert')
        .send((next ?? inUse)?.certificate ?? '')
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  return router

  async function show(
    response: Response,
    context: PageContext,
    id: string,
    refused: { state: FormState; summary?: Html; status?: number } = { state: { values: {} } },
  ): Promise<void> {
    const { t, session, pages } = context
    const { state, summary, status } = refused
    const body = html`${summary}${certificatePage(id, await ownCertificates.show(id), state, context)}`
    pages.send(response, { title: t`Certificate of ${id}`, body, session }, status)
  }
}

const failureFields: FailureFields = {
  'certificate.no-object-id': 'objectId',
  'certificate.client-id-as-object-id': 'objectId',
}

function requestIn(fields: Fields): { objectId?: string; renew?: boolean } {
  const objectId = (one(fields, 'objectId') ?? '').trim()
  return { ...(objectId !== '' && { objectId }), ...(one(fields, 'renew') !== undefined && { renew: true }) }
}

function certificatePage(
  id: string,
  status: OwnCertificateStatus,
  state: FormState,
  context: PageContext,
): Html {
  const { t, pages } = context
  const { inUse, next, objectId, refused } = status
  const file = pages.path('registrations', id, 'certificate', 'file')
  const nothing = !inUse && !next
  return html`<section>
<p>${t`Postern makes the key, which never leaves it, and the certificate. 30 days before its end it makes the next one, has it registered at Microsoft by the proof that it has the old one, and takes the old one out. The journal says each step.`}</p>
${refused && html`<div class="card warning"><p>${t`The next certificate could not be registered: ${refused.why}`}</p><p>${t`Upload it by hand: it is used as soon as the provider takes it.`}</p></div>`}
${
  !nothing &&
  html`<dl>
${inUse && shownCertificate(badge('good', t`in use`), inUse, context)}
${next && shownCertificate(badge('warn', next.registered ? t`registered, not taken everywhere yet` : t`to be uploaded`), next, context)}
<dt>${t`Object ID of the app registration`}</dt><dd>${objectId === undefined ? t`not known` : html`<code>${objectId}</code>`}</dd>
</dl>
<p><a class="button" href="${file}" download>${t`Download the certificate`}</a></p>
<p>${t`Upload it in the Entra admin centre: App registrations, the app, Certificates & secrets, Certificates.`}</p>`
}
${!nothing && mayChange(context) && checkForm(id, context)}
</section>
${mayChange(context) && html`<section>${certificateForm(id, status, state, context)}</section>`}`
}

function shownCertificate(state: Html, { thumbprint, endsAt }: ShownCertificate, { t }: PageContext): Html {
  return html`<dt>${state}</dt><dd>${t`thumbprint ${html`<code data-copy>${thumbprint}</code>`}, ends on ${day(endsAt)}`}</dd>`
}

/** What somebody may ask for now. */
function certificateForm(
  id: string,
  { inUse, next, objectId }: OwnCertificateStatus,
  state: FormState,
  context: PageContext,
): Html {
  const { t } = context
  const label = t`Object ID of the app registration`
  const hint = t`On the Overview of the app registration: neither the client ID nor that of the Enterprise application. Without it postern may be unable to renew the certificate.`
  const field = textField({ name: 'objectId', label, hint, initial: objectId, maxlength: 36 }, state)
  const buttons = next
    ? html`<button name="try" value="yes">${t`I have uploaded it: try it now`}</button>`
    : inUse
      ? html`<button>${t`Save`}</button> <button class="quiet" name="renew" value="yes">${t`Make the next one now`}</button>`
      : html`<button>${t`Make a certificate`}</button>`
  return form(context, ['registrations', id, 'certificate'], html`${field}<p class="actions">${buttons}</p>`)
}
