"""Files that people upload: attachments, logos, avatars."""
