import { smtpAuthCommand } from '../exchange-commands.ts'
import { powershell, run, say } from './known-error.ts'

// What helps against more than one error.

export const consentAgain = run('Consent again:', 'もう一度同意してください:', 'postern consent {mailbox}')

export const consentInBrowser = run(
  'Consent again in a browser, not by a code on another device:',
  '別の機器のコードではなく、ブラウザーでもう一度同意してください:',
  'postern consent {mailbox}',
)

export const consentWithMfa = run(
  'Consent again, and complete the second factor when it is asked for:',
  'もう一度同意し、求められたら多要素認証を済ませてください:',
  'postern consent {mailbox}',
)

export const changePassword = say(
  'Have the person change the password in a browser.',
  '本人にブラウザーでパスワードを変更してもらってください。',
)

export const waitForIt = say(
  'Nothing has to be done: it passes, and postern tries again by itself.',
  '対処は不要です。一時的なもので、postern が自動的に再試行します。',
)

export const tryAgainLater = say(
  'Try again later; it passes.',
  '一時的なものです。時間をおいてもう一度試してください。',
)

export const appOnlyInstead = say(
  'For a mailbox that nobody attends, consider access without a person (--app-only): rules for people do not reach it.',
  '人が使わないメールボックスなら、個人を介さないアクセス(--app-only)も検討してください。人に対するポリシーの影響を受けません。',
)

export const lookAtSmtpAuth = powershell(
  'See how it is set for the mailbox (True is off, False is on, empty follows the organisation):',
  'メールボックスの設定を確認してください(True は無効、False は有効、空なら組織の設定に従います):',
  'Get-CASMailbox -Identity {mailbox} | Format-List SmtpClientAuthenticationDisabled',
)

export const allowSmtpAuth = powershell(
  'Allow it for this mailbox:',
  'このメールボックスで許可してください:',
  smtpAuthCommand,
)

export const portalSmtpAuth = say(
  'Or in the Microsoft 365 admin centre: Users, Active users, the user, Mail, Manage email apps, Authenticated SMTP.',
  'または Microsoft 365 管理センターで「ユーザー」「アクティブなユーザー」から該当ユーザーの「メール」「メールアプリを管理する」を開き、「認証済み SMTP」を有効にしてください。',
)

export const signInLogs = say(
  'Look for the failed sign-in in the Entra admin centre under Monitoring, Sign-in logs, also among the non-interactive ones and those of service principals: it names the policy.',
  'Entra 管理センターの「監視」「サインイン ログ」で失敗したサインインを探してください(非対話型とサービス プリンシパルの一覧も)。該当するポリシーが表示されます。',
)

export const excludeFromPolicy = say(
  'Exclude the person or the app from that policy, or meet what it asks for.',
  'その人またはアプリをポリシーの対象から外すか、ポリシーの条件を満たしてください。',
)

export const stopAndWait = say(
  'Then stop sending from this mailbox until Microsoft lifts it; how long that takes is not published.',
  'そのうえで、Microsoft が解除するまでこのメールボックスからの送信を止めてください(解除までの時間は公表されていません)。',
)

export const ownAddress = say(
  'Have the program send as the mailbox itself, in the envelope and in the From: header; a login of postern can do that for it (--rewrite-sender, --rewrite-from).',
  'プログラムの差出人を、エンベロープと From: ヘッダーの両方でメールボックス自身のアドレスにしてください。postern のログインで書き換えることもできます(--rewrite-sender、--rewrite-from)。',
)

export const grantSendAs = powershell(
  'Or let it send as the other address:',
  'または、別のアドレスとして送信することを許可してください:',
  'Add-RecipientPermission -Identity {sender} -Trustee {mailbox} -AccessRights SendAs -Confirm:$false',
)

export const allowAliases = powershell(
  'If the address is an alias of the mailbox, allow aliases for the organisation:',
  'そのアドレスがメールボックスの別名なら、組織で別名からの送信を許可してください:',
  'Set-OrganizationConfig -SendFromAliasEnabled $true',
)

export const findOutWhy = say(
  'Find out first whether somebody else uses the account to send.',
  'まず、ほかの誰かがそのアカウントを使って送信していないか調べてください。',
)

export const unblock = say(
  'Then unblock it in the Microsoft Defender portal: Email & collaboration, Review, Restricted entities. It takes some hours.',
  'そのうえで Microsoft Defender ポータルの「メールとコラボレーション」「確認」「制限されたエンティティ」で解除してください。反映には数時間かかります。',
)

export const notAPassword = say(
  'Check that the program talks to postern, and not to the provider itself with a password.',
  'プログラムが、パスワードでプロバイダーに直接ではなく、postern に接続しているか確認してください。',
)

export const useOAuth = say(
  'Have the program send through postern, which signs in by OAuth in its place.',
  'プログラムから postern 経由で送信してください。postern が代わりに OAuth でサインインします。',
)

export const checkHost = say(
  'Check host, port and TLS of the provider: it has to be its submission service, not its MX.',
  'プロバイダーのホスト、ポート、TLS を確認してください。MX ではなく送信(サブミッション)用のサーバーが必要です。',
)

export const checkRegistration = run(
  'Check the registration:',
  '登録を確認してください:',
  'postern provider check {provider}',
)

export const showRegistration = run(
  'See how the app has to be registered:',
  'アプリの登録方法を確認してください:',
  'postern provider show {provider}',
)

export const showAppOnly = run(
  'See the PowerShell commands that let the app send from the mailbox:',
  'アプリがそのメールボックスから送信するための PowerShell コマンドを確認してください:',
  'postern provider show {provider} --mailbox {mailbox}',
)

export const newSecret = say(
  'In the Entra admin centre, under Certificates & secrets of the app, make a new client secret, and set its value (not its ID) in postern.',
  'Entra 管理センターでアプリの「証明書とシークレット」を開いて新しいクライアントシークレットを作り、その値(ID ではありません)を postern に設定してください。',
)

export const newCertificate = say(
  'Or use a certificate: upload its public part there, and set its files in postern.',
  'または証明書を使ってください。公開部分をそこへアップロードし、そのファイルを postern に設定します。',
)

export const uploadCertificate = say(
  'Upload the public part of the very certificate that postern is set to use, under Certificates & secrets of the app.',
  'postern に設定したものと同じ証明書の公開部分を、アプリの「証明書とシークレット」にアップロードしてください。',
)

export const mobilePlatform = say(
  'In the Entra admin centre, under Authentication of the app, add the platform "Mobile and desktop applications" with the exact redirect URI of postern, not "Single-page application".',
  'Entra 管理センターでアプリの「認証」を開き、「シングルページ アプリケーション」ではなく「モバイル アプリケーションとデスクトップ アプリケーション」のプラットフォームを追加して、postern のリダイレクトURI をそのまま登録してください。',
)

export const rightTenant = say(
  'Check the client id and the tenant in the settings.',
  '設定のクライアントIDとテナントを確認してください。',
)

export const ownTenant = say(
  "Set the organisation's own directory (tenant) ID: POSTERN_MICROSOFT_TENANT.",
  '組織のディレクトリ(テナント)ID を POSTERN_MICROSOFT_TENANT に設定してください。',
)

export const adminConsent = run(
  'Have an administrator of the organisation consent; this prints the link for it:',
  '組織の管理者に同意してもらってください。そのためのリンクを表示します:',
  'postern consent --admin {provider}',
)

export const enableApp = say(
  'In the Entra admin centre, under Enterprise applications, the app, Properties, set "Enabled for users to sign in" to Yes.',
  'Entra 管理センターの「エンタープライズ アプリケーション」でアプリの「プロパティ」を開き、「ユーザーのサインインが有効になっていますか?」を「はい」にしてください。',
)

export const addSmtpSend = say(
  'Under API permissions of the app add, of "Office 365 Exchange Online", the delegated permission SMTP.Send.',
  'アプリの「API のアクセス許可」で、「Office 365 Exchange Online」の委任されたアクセス許可 SMTP.Send を追加してください。',
)

export const checkScope = say(
  'Check the scopes in the settings: they are case-sensitive, and belong to one resource.',
  '設定のスコープを確認してください。大文字と小文字は区別され、すべて同じリソースのものである必要があります。',
)

export const matchingProvider = say(
  'Choose the provider that fits the account: microsoft for work or school, outlook for personal accounts.',
  'アカウントの種類に合うプロバイダーを選んでください。職場または学校なら microsoft、個人なら outlook です。',
)

export const rightCloud = say(
  'Set the cloud of the organisation: POSTERN_MICROSOFT_CLOUD (gcc-high, dod or china).',
  '組織のクラウドを POSTERN_MICROSOFT_CLOUD(gcc-high、dod、china)に設定してください。',
)

export const checkAddress = say(
  'Check the address, and whether the account still exists.',
  'アドレスと、そのアカウントがまだ存在するかを確認してください。',
)

export const startAgain = run('Start again:', '最初からやり直してください:', 'postern consent {mailbox}')

export const reportIt = say(
  'This should not happen: please report it as a fault of the program that asked.',
  '本来起きないはずのことです。要求したプログラムの不具合として報告してください。',
)

export const checkClock = say(
  'Set the clock of this machine right (NTP).',
  'このマシンの時計を合わせてください(NTP)。',
)

export const newKey = say(
  'Make a new key for the service account in the Google Cloud console, and set it in postern.',
  'Google Cloud コンソールでサービスアカウントの新しいキーを作り、postern に設定してください。',
)

export const delegate = say(
  "In the Google Admin console, under Security, Access and data control, API controls, Domain-wide delegation, add the service account's numeric client ID with the scope https://mail.google.com/.",
  'Google 管理コンソールの「セキュリティ」「アクセスとデータ管理」「API の制御」「ドメイン全体の委任」で、サービスアカウントの数字のクライアントIDにスコープ https://mail.google.com/ を追加してください。',
)

export const waitADay = say(
  'Then wait: it takes some minutes, and a day at most.',
  'そのあと反映を待ってください。数分、長くて 1 日かかります。',
)

export const desktopClient = say(
  'Use an OAuth client of the type "Desktop app", or register the exact redirect URI of postern with a client of the type "Web application".',
  '「デスクトップ アプリ」タイプの OAuth クライアントを使うか、「ウェブ アプリケーション」タイプのクライアントに postern のリダイレクトURI をそのまま登録してください。',
)

export const googleClient = say(
  'Check client ID and client secret against the Google Cloud console, under Google Auth Platform, Clients.',
  'クライアントIDとクライアントシークレットを、Google Cloud コンソールの「Google Auth Platform」「クライアント」と照らし合わせてください。',
)

export const publishGoogleApp = say(
  'In the Google Cloud console, under Google Auth Platform, Audience, publish the app to production: in the state "Testing" a consent ends after 7 days.',
  'Google Cloud コンソールの「Google Auth Platform」「対象」でアプリを本番環境に公開してください。「テスト」のままでは同意が 7 日で切れます。',
)

export const slowDown = say('Send less at a time.', '一度に送る数を減らしてください。')

export const showMailbox = run(
  'See how the mailbox stands:',
  'メールボックスの状態を確認してください:',
  'postern mailbox show {mailbox}',
)

export const tryMailbox = run(
  'When it is repaired, do not wait for the next try:',
  '直したら、次の試行を待たずに試せます:',
  'postern mailbox try {mailbox}',
)

export const smallerMessage = say(
  'Send a smaller message: encoding makes attachments larger by a third.',
  'メッセージを小さくしてください。添付ファイルはエンコードで 3 割ほど大きくなります。',
)

export const splitRecipients = say(
  'Send to fewer recipients at a time.',
  '一度に送る受信者を減らしてください。',
)

export const smallerToken = say(
  'Have the provider put less into the access token, such as groups and roles.',
  'グループやロールなど、アクセストークンに入れる内容をプロバイダー側で減らしてください。',
)

export const clientSettings = say(
  'Correct user name and password in the program or device: they are those of a login of postern.',
  'プログラムや機器のユーザー名とパスワードを直してください。postern のログインのものを使います。',
)

export const reportClient = say(
  'Correct the program, or update it; its log shows what it sent.',
  'プログラムを修正または更新してください。何を送ったかはプログラムのログにあります。',
)

export const stopOldPassword = say(
  'Stop whatever still signs in with an old password.',
  '古いパスワードでサインインし続けているものを止めてください。',
)

export const licence = say(
  'Check that the mailbox has a licence and is in the cloud, not on premises.',
  'メールボックスにライセンスがあり、オンプレミスではなくクラウドにあることを確認してください。',
)
