"""What needs a running bot, and no torch.

child            a child process that answers each line with a line of JSON
load_generator   such a child: the Bot API server, and people who send photos
running_bot      `clipbot run` connected to that server, in processes of its own
end_to_end       20 people at once, and one person alone
growth           more waiting photos, more stored people
processes        memory and core-seconds of processes
"""
