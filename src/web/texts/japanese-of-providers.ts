import type { Dictionary } from './translation.ts'

/** What providers are known to be, how they are set up, what will end there, and other advice without values. */
export const japaneseOfProviders: Dictionary = {
  'Nothing is to be done: postern renews it each day, as long as it runs.':
    '操作は不要です。postern が動いている限り毎日更新されます。',
  'Take the registration out of its test phase at the provider, say so in the settings, and have the person consent again.':
    'プロバイダーで登録のテスト段階を終え、設定にも反映して、もう一度同意してもらってください。',
  'Unless a renewal moves it, the person has to consent again before.':
    '更新で延びない場合は、それまでにもう一度同意が必要です。',
  'Give the registration a new certificate at the provider, then put it into the settings with its key, and restart.':
    'プロバイダーで登録に新しい証明書を追加し、鍵とともに設定に入れて再起動してください。',
  'Make a new client secret at the provider, put it into the settings as the next one, and restart: both work until the first one ends.':
    'プロバイダーで新しいクライアントシークレットを作り、次のものとして設定に入れて再起動してください。最初のものの期限までは両方使えます。',
  'It has ended and another one works: take it out of the settings.':
    '期限が切れ、別のものが使われています。設定から取り除いてください。',
  'Register an app at the provider, with the redirect URI {redirectUri}.':
    'リダイレクトURI {redirectUri} でプロバイダーにアプリを登録します。',
  'Put its client id (and secret) into POSTERN_PROVIDERS_FILE.':
    'クライアントID(とシークレット)を POSTERN_PROVIDERS_FILE に入れます。',
  'Let a mailbox send by SMTP at all, which OAuth does not do':
    'メールボックスの SMTP 送信そのものを許可する(OAuth だけでは許可されません)',
  'For mailboxes without a consent (--app-only), the least that is needed: RBAC for Applications':
    '同意を使わないメールボックス(--app-only)に必要な最小限の権限: RBAC for Applications',
  'Instead of that, where the app has its permission to send in Entra: full access to the mailbox':
    'その代わりに、アプリが Entra で送信のアクセス許可を持つ場合: メールボックスへのフルアクセス',
  'documented by the provider': 'プロバイダーの文書による',
  'as users and other software report it': '利用者やほかのソフトウェアの報告による',
  'works, but the provider gives registrations to few': '動作するが、プロバイダーが登録を認めるのは少数',
  'found in one place, not verified': '情報源が 1 つのみで未検証',
  'as the providers file has it': 'プロバイダーファイルの内容による',
  'Comcast gives client ids by arrangement only.':
    'Comcast は個別の取り決めでのみクライアントIDを発行します。',
  'Mailboxes of comcast.net are being moved to Yahoo.':
    'comcast.net のメールボックスは Yahoo へ移行されつつあります。',
  'postern cannot check who has signed in: the keys of its ID tokens are not published.':
    'ID トークンの鍵が公開されていないため、誰がサインインしたかを postern は確認できません。',
  'Fastmail gives client ids on request.': 'Fastmail は申請に応じてクライアントIDを発行します。',
  'The provider names nobody: postern cannot check who has signed in.':
    'プロバイダーが名前を示さないため、誰がサインインしたかを postern は確認できません。',
  'While the consent screen is in status "Testing", Google ends each grant after 7 days: say so with POSTERN_GOOGLE_TESTING, and postern warns in time.':
    '同意画面の状態が「Testing」の間、Google は許可を 7 日で終了します。POSTERN_GOOGLE_TESTING で知らせておけば、postern が前もって警告します。',
  'The scope https://mail.google.com/ is restricted: an app for everybody has to be verified by Google; one for your own organisation ("Internal") does not.':
    'スコープ https://mail.google.com/ は制限付きです。一般向けのアプリは Google の審査が必要ですが、自分の組織向け(「Internal」)なら不要です。',
  'In the Google Cloud console (https://console.cloud.google.com) choose a project, and APIs & Services, OAuth consent screen: "Internal" for one Workspace, otherwise "External".':
    'Google Cloud コンソール(https://console.cloud.google.com)でプロジェクトを選び、「API とサービス」の「OAuth 同意画面」で、1 つの Workspace なら「Internal」、それ以外は「External」を選びます。',
  'Add the scope https://mail.google.com/ under Data access, and publish the app: in status "Testing" each grant ends after 7 days.':
    '「データアクセス」でスコープ https://mail.google.com/ を追加し、アプリを公開します。状態が「Testing」のままだと許可は 7 日で終わります。',
  'Under Clients make an OAuth client of the type "Desktop app"; for an https redirect URI, of the type "Web application" with {redirectUri}.':
    '「クライアント」で種類が「Desktop app」の OAuth クライアントを作ります。https のリダイレクトURIを使う場合は、種類を「Web application」にして {redirectUri} を登録します。',
  'Set POSTERN_GOOGLE_CLIENT_ID and POSTERN_GOOGLE_CLIENT_SECRET, and restart.':
    'POSTERN_GOOGLE_CLIENT_ID と POSTERN_GOOGLE_CLIENT_SECRET を設定して、再起動してください。',
  'Not for gmail.com addresses: an administrator of a Workspace has to delegate the domain to the numeric id of the service account, with the scope https://mail.google.com/ and no other.':
    'gmail.com のアドレスには使えません。Workspace の管理者が、サービスアカウントの数字の ID に、スコープ https://mail.google.com/ だけでドメインを委任する必要があります。',
  'A delegation may take a day until it works.': '委任が有効になるまで 1 日かかることがあります。',
  'The service account may send as every user of the Workspace: only what postern allows its logins stands between.':
    'サービスアカウントは Workspace のすべてのユーザーとして送信できます。それを制限するのは、postern がログインに許可した内容だけです。',
  'In the Google Cloud console make a service account and a JSON key for it; note its numeric client ID.':
    'Google Cloud コンソールでサービスアカウントとその JSON 鍵を作り、数字のクライアントIDを控えます。',
  'In the admin console of the Workspace choose Security, Access and data control, API controls, Manage domain-wide delegation, Add new: the numeric client ID, with the scope https://mail.google.com/.':
    'Workspace の管理コンソールで「セキュリティ」「アクセスとデータ管理」「API の制御」「ドメイン全体の委任を管理」「新しく追加」を選び、数字のクライアントIDをスコープ https://mail.google.com/ で追加します。',
  'Set POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE to the key file, and restart.':
    'POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE に鍵ファイルを設定して、再起動してください。',
  'As mail programs use it. Its one scope for mail, mail.imap, gives more than the right to send.':
    'メールプログラムが使っている方法です。メール用の唯一のスコープ mail.imap は、送信以上の権限を与えます。',
  'SMTP AUTH has to be enabled for the mailbox, also for OAuth.':
    'OAuth を使う場合も、メールボックスで SMTP AUTH を有効にする必要があります。',
  'Microsoft documents the OAuth endpoints; the submission host and the scopes are as users report them.':
    'OAuth のエンドポイントは Microsoft の文書によりますが、送信ホストとスコープは利用者の報告によります。',
  'GCC (not High) is in the worldwide cloud: there it is the provider microsoft.':
    'GCC(High ではないもの)は世界共通のクラウドにあり、プロバイダーは microsoft です。',
  'If the scope is refused, https://outlook-dod.office365.us/SMTP.Send may be the right one: set it in the providers file.':
    'スコープが拒否される場合は、https://outlook-dod.office365.us/SMTP.Send が正しい可能性があります。プロバイダーファイルで設定してください。',
  'Some needed the scope https://partner.outlook.cn/.default instead: set it in the providers file.':
    'スコープ https://partner.outlook.cn/.default が必要だった例があります。その場合はプロバイダーファイルで設定してください。',
  'Only for recipients of the organisation itself, at most 50 for each message.':
    '組織内の受信者のみで、1 通につき最大 50 件です。',
  'Accounts of High Volume Email are no mailboxes that somebody signs in to: client credentials are the only way to a grant.':
    'High Volume Email のアカウントは人がサインインするメールボックスではなく、許可を得る方法はクライアント資格情報だけです。',
  'Microsoft names the permission Mail.Send for the app here, not SMTP.SendAsApp.':
    'ここで Microsoft がアプリのアクセス許可として示しているのは、SMTP.SendAsApp ではなく Mail.Send です。',
  'In the Entra admin centre (https://entra.microsoft.com) choose App registrations, New registration.':
    'Entra 管理センター(https://entra.microsoft.com)で「アプリの登録」「新規登録」を選びます。',
  'Under API permissions add, of "Office 365 Exchange Online", the application permission Mail.Send, and grant the consent of an administrator.':
    '「API のアクセス許可」で「Office 365 Exchange Online」のアプリケーションの許可 Mail.Send を追加し、管理者の同意を与えます。',
  'Under Certificates & secrets upload a certificate or make a client secret.':
    '「証明書とシークレット」で証明書をアップロードするか、クライアントシークレットを作ります。',
  'Set POSTERN_MICROSOFT_CLIENT_ID, POSTERN_MICROSOFT_TENANT (the directory ID) and POSTERN_MICROSOFT_CERT_FILE or POSTERN_MICROSOFT_CLIENT_SECRET, and restart.':
    'POSTERN_MICROSOFT_CLIENT_ID、POSTERN_MICROSOFT_TENANT(ディレクトリ ID)と、POSTERN_MICROSOFT_CERT_FILE または POSTERN_MICROSOFT_CLIENT_SECRET を設定して、再起動してください。',
  'Microsoft documents endpoints and scopes; how long grants and tokens live is as users report it.':
    'エンドポイントとスコープは Microsoft の文書によりますが、許可とトークンの有効期間は利用者の報告によります。',
  'The registration has to allow personal accounts, and has to be made in an organisation: a personal account alone cannot register an app any more.':
    '登録は個人アカウントを許可し、組織の中で作る必要があります。個人アカウントだけではアプリを登録できなくなりました。',
  'Some mailboxes have to allow devices and apps to use POP and IMAP (Settings, Mail, Sync email) before they can send.':
    'メールボックスによっては、先に「デバイスとアプリで POP と IMAP を使う」(設定、メール、メールの同期)を許可しないと送信できません。',
  'In the Entra admin centre (https://entra.microsoft.com) choose App registrations, New registration, and as account types those that include personal Microsoft accounts.':
    'Entra 管理センター(https://entra.microsoft.com)で「アプリの登録」「新規登録」を選び、アカウントの種類として個人の Microsoft アカウントを含むものを選びます。',
  'Under Authentication add the platform "Mobile and desktop applications" with the redirect URI {redirectUri}.':
    '「認証」でプラットフォーム「モバイル アプリケーションとデスクトップ アプリケーション」を、リダイレクトURI {redirectUri} で追加します。',
  'Under API permissions add, of "Office 365 Exchange Online" or Microsoft Graph, the delegated permission SMTP.Send.':
    '「API のアクセス許可」で「Office 365 Exchange Online」または Microsoft Graph の委任された許可 SMTP.Send を追加します。',
  'Set POSTERN_MICROSOFT_CLIENT_ID, and POSTERN_MICROSOFT_TENANT to common or consumers, and restart.':
    'POSTERN_MICROSOFT_CLIENT_ID を設定し、POSTERN_MICROSOFT_TENANT を common または consumers にして、再起動してください。',
  'As Thunderbird itself uses it; whether others are given a client id is not known.':
    'Thunderbird 自身が使っている方法です。ほかにクライアントIDが発行されるかどうかは分かっていません。',
  'The scope mail-w is given to few: Yahoo reviews each app by hand, and users report that no new registrations are accepted.':
    'スコープ mail-w が与えられるのは少数です。Yahoo はアプリを個別に審査しており、新しい登録は受け付けられないという報告があります。',
  'A registration at Yahoo does not count at AOL.': 'Yahoo での登録は AOL では使えません。',
  'Documented, but Yandex told a user in 2023 that mail programs need app passwords: try it before you rely on it.':
    '文書はありますが、2023 年に Yandex は利用者に、メールプログラムにはアプリパスワードが必要だと伝えています。頼る前に試してください。',

  'The settings, as they are now, would not let postern start.': '今の設定では postern は起動できません。',
  'Mend this in .env or in the environment, then check again.':
    '.env または環境変数を直してから、もう一度確認してください。',
  'The settings are complete, and without a mistake.': '設定はそろっていて、誤りはありません。',
  'No postern is running.': 'postern は実行されていません。',
  'Start it with "postern serve".': '「postern serve」で起動してください。',
  'The postern that runs was started with these settings.':
    '実行中の postern は、この設定で起動されています。',
  'The postern that runs was started with other settings than those that are there now.':
    '実行中の postern は、今の設定とは違う設定で起動されています。',
  'Restart it: nothing is lost by that.': '再起動してください。失われるものはありません。',
}
