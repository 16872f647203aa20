"""Pattern D: keep every member's conversation row at the newest message, under any redelivery and reordering."""
