<?php
// Nextcloud through postern: a file of its own beside config/config.php, config/mail.config.php, which Nextcloud reads as well, or by
// `occ config:system:set mail_smtphost --value=…`; on the page it is Administration settings, Basic settings, Email server.
// USER and PASSWORD are what `postern login add billing@example.com` printed.
$CONFIG = [
  'mail_smtpmode' => 'smtp',
  'mail_smtphost' => '127.0.0.1',
  'mail_smtpport' => 2587,
  'mail_smtpauth' => true,
  'mail_smtpname' => 'USER',
  'mail_smtppassword' => 'PASSWORD',
  'mail_smtpsecure' => '', // 'ssl': TLS from the first octet
  // The sender: billing@example.com. Nextcloud takes STARTTLS where it is offered, and checks the certificate then.
  'mail_from_address' => 'billing',
  'mail_domain' => 'example.com',
  // Where postern has a certificate of `postern tls make`, also from another machine ('mail_smtphost' => 'postern.example.com'):
  // 'mail_smtpstreamoptions' => ['ssl' => ['cafile' => '/etc/ssl/postern-ca.pem']],
];
