# Reads gitlab.rb, gives Action Mailer what the template of Omnibus gives it, and sends one message.
require 'action_mailer'

gitlab_rails = {}
eval(File.read(ARGV[0]), binding)
raise 'SMTP is not enabled' unless gitlab_rails['smtp_enable']

keys = %w[address port user_name password domain enable_starttls_auto tls ssl openssl_verify_mode ca_path ca_file]
settings = keys.to_h { |key| [key.to_sym, gitlab_rails["smtp_#{key}"]] }.compact
settings[:authentication] = gitlab_rails['smtp_authentication'].to_sym
ActionMailer::Base.delivery_method = :smtp
ActionMailer::Base.smtp_settings = settings
from, reply_to = gitlab_rails.values_at('gitlab_email_from', 'gitlab_email_reply_to')
ActionMailer::Base.mail(from: from, reply_to: reply_to, to: ARGV[1], subject: 'Hello', body: 'It arrived.').deliver_now
