"""What a change of policies newly allows and newly denies."""
