"""Pattern D: every member's conversation row shows the newest message, under any redelivery and reordering."""
