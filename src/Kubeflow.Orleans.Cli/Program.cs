Console.WriteLine("kfo");
