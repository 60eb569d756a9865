<?php
/*
Plugin Name: Mail through postern
Description: What WordPress sends by wp_mail() leaves through postern.

Put this file into wp-content/mu-plugins/ (make the folder; nothing has to be activated), or its lines into functions.php of the theme.
USER and PASSWORD are what `postern login add billing@example.com` printed. WordPress needs no plugin for SMTP beside it.
*/

add_action('phpmailer_init', function ($mail) {
  $mail->isSMTP();
  $mail->Host = '127.0.0.1';
  $mail->Port = 2587;
  $mail->SMTPAuth = true;
  $mail->AuthType = 'PLAIN';
  $mail->Username = 'USER';
  $mail->Password = 'PASSWORD';
  $mail->SMTPAutoTLS = false;
  // From another machine, where ca.pem of `postern tls make` was copied to, and named in php.ini by openssl.cafile=/etc/ssl/postern-ca.pem:
  //   $mail->Host = 'postern.example.com';
  //   $mail->SMTPSecure = 'tls';
  // in the place of two lines; or for TLS from the first octet 'ssl'.
  $mail->setFrom('billing@example.com', get_bloginfo('name'), false);
});
