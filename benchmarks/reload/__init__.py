"""What a change of the rules costs while events flow, and how soon it decides."""
