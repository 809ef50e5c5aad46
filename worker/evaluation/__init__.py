"""What a batch of records means for the loyalty domain: pure, behind the lane's port."""
