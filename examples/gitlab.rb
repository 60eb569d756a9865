# GitLab (Omnibus) through postern: in /etc/gitlab/gitlab.rb, then `gitlab-ctl reconfigure`. `gitlab-rails console` and
# Notify.test_email('someone@example.net', 'Hello', 'It arrived.').deliver_now sends a message.
# USER and PASSWORD are what `postern login add billing@example.com` printed.
gitlab_rails['smtp_enable'] = true
gitlab_rails['smtp_address'] = '127.0.0.1'
gitlab_rails['smtp_port'] = 2587
gitlab_rails['smtp_user_name'] = 'USER'
gitlab_rails['smtp_password'] = 'PASSWORD'
gitlab_rails['smtp_authentication'] = 'plain'
gitlab_rails['smtp_enable_starttls_auto'] = false
gitlab_rails['gitlab_email_from'] = 'billing@example.com'
gitlab_rails['gitlab_email_reply_to'] = 'billing@example.com'
# From another machine (so GitLab in a container, too), where ca.pem of `postern tls make` was copied to:
#gitlab_rails['smtp_address'] = 'postern.example.com'
#gitlab_rails['smtp_enable_starttls_auto'] = true
#gitlab_rails['smtp_openssl_verify_mode'] = 'peer'
#gitlab_rails['smtp_ca_file'] = '/etc/ssl/postern-ca.pem'
# /etc/gitlab/trusted-certs is not used for SMTP. For TLS from the first octet smtp_tls = true, and no smtp_enable_starttls_auto.
