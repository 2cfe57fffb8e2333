from django.dispatch import Signal

#: Sent for each new message with ``message`` (an IntakeMessage), inside the transaction that stores it: what a receiver writes
#: to the database is there if and only if the message is. An error of a receiver undoes both, and the Worker tries again.
message_received = Signal()
